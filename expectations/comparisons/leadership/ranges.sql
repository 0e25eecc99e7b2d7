-- One row per mart, source, year and figure: its lowest and highest value, and whether both are possible.
with figures as (
    select
        'mart_leadership__representation' as table_name,
        marts.source,
        marts.as_at_year,
        each.field,
        each.value,
        each.least,
        each.most
    from marts_candidate.mart_leadership__representation as marts
    cross join lateral (
        values
        ('headcount', marts.headcount, 0, 20000),
        ('share_of_known_pct', marts.share_of_known_pct, 0, 100),
        ('share_low_pct', marts.share_low_pct, 0, 100),
        ('share_high_pct', marts.share_high_pct, 0, 100),
        ('gap_to_workforce_points', marts.gap_to_workforce_points, -100, 100),
        ('declaration_rate_pct', marts.declaration_rate_pct, 0, 100),
        ('change_since_2019_points', marts.change_since_2019_points, -100, 100)
    ) as each (field, value, least, most)
    union all
    -- A ratio that somebody wrote as a percentage is a hundred times too large.
    select
        'mart_leadership__likelihood' as table_name,
        marts.source,
        marts.as_at_year,
        each.field,
        each.value,
        each.least,
        each.most
    from marts_candidate.mart_leadership__likelihood as marts
    cross join lateral (
        values
        ('ratio', marts.ratio, 0.02, 50),
        ('fisher_p', marts.fisher_p::numeric, 0, 1)
    ) as each (field, value, least, most)
    union all
    select
        'mart_leadership__disparity' as table_name,
        marts.source,
        marts.as_at_year,
        each.field,
        each.value,
        each.least,
        each.most
    from marts_candidate.mart_leadership__disparity as marts
    cross join lateral (
        values
        ('lower_to_middle', marts.lower_to_middle, 0.02, 50),
        ('middle_to_upper', marts.middle_to_upper, 0.02, 50),
        ('lower_to_upper', marts.lower_to_upper, 0.02, 50),
        -- The ratios multiply along the levels, but for rounding.
        (
            'product of two ratios over the third',
            marts.lower_to_middle * marts.middle_to_upper / nullif(marts.lower_to_upper, 0),
            0.99,
            1.01
        )
    ) as each (field, value, least, most)
    union all
    select
        'mart_leadership__race_equality' as table_name,
        'returns' as source,
        marts.as_at_year,
        'ratio of ' || marts.measure as field,
        marts.ratio as value,
        0.02 as least,
        50 as most
    from marts_candidate.mart_leadership__race_equality as marts
),

final as (
    select
        field,
        table_name || ', ' || source || ' ' || as_at_year as place,
        min(value) as lowest,
        max(value) as highest,
        bool_and(value between least and most) as is_possible
    from figures
    where value is not null
    group by table_name, source, as_at_year, field
)

select * from final
order by place, field
