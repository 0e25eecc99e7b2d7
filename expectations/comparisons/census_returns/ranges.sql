-- One row per kind of figure and census year that has any: the lowest and the highest, and the most it can be.
with figures as (
    select indicator as field, census_year, returns_value as figure, null::integer as most
    from marts_candidate.mart_census__from_returns
    union all
    select
        measure || ' headcount' as field,
        census_year,
        headcount as figure,
        null::integer as most
    from marts_candidate.mart_census__breakdowns
    union all
    select
        measure || ' share' as field,
        census_year,
        share_pct as figure,
        100 as most
    from marts_candidate.mart_census__breakdowns
    union all
    select
        'allowance share' as field,
        census_year,
        share_offering_pct as figure,
        100 as most
    from marts_candidate.mart_census__allowances
),

final as (
    select
        field,
        field || ' ' || census_year as place,
        min(figure) as lowest,
        coalesce(max(figure) <= min(most), true) as is_possible
    from figures
    where figure is not null
    group by field, census_year
)

select * from final
order by place
