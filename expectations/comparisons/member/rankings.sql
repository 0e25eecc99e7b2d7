-- One row per collection and indicator that is ranked: what of its ranks and quarters cannot be.
with rankings as (
    select
        collection,
        period_label,
        indicator,
        category,
        count(rank_in_london) as ranked,
        min(units_ranked) as least_units_ranked,
        max(units_ranked) as most_units_ranked,
        min(rank_in_london) as best_rank,
        max(rank_in_london) as worst_rank,
        min(quartile_in_london) as best_quarter,
        max(quartile_in_london) as worst_quarter,
        count(*) filter (where rank_in_london is not null and value is null) as ranked_without_a_figure,
        count(*) filter (where rank_in_london is not null and polarity = 'none') as ranked_without_a_better_end,
        -- Better figures rank before worse ones: sorted by figure, the ranks never fall.
        coalesce(
            regr_slope(rank_in_london, case polarity when 'low' then value else -value end), 0
        ) < 0 as is_upside_down
    from marts_candidate.mart_member__benchmark
    group by collection, period_label, indicator, category
    having count(rank_in_london) > 0
),

final as (
    select
        collection,
        indicator,
        (count(*) filter (
            where best_rank <> 1
            or worst_rank > ranked
            or ranked <> least_units_ranked
            or ranked <> most_units_ranked
            or is_upside_down
        ))::integer as wrong_ranks,
        (count(*) filter (where best_quarter < 1 or worst_quarter > 4))::integer as wrong_quarters,
        sum(ranked_without_a_figure + ranked_without_a_better_end)::integer as ranked_without_reason
    from rankings
    group by collection, indicator
)

select * from final
order by collection, indicator
