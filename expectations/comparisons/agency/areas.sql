-- One row per quarter, core job type and sum of which Inner London, Outer London and London are shown: London less the two.
with shown as (
    select
        measure,
        period_label,
        role_type,
        sum(value) filter (where unit_level = 'london') as london,
        sum(value) filter (where unit_level = 'inner_outer') as halves
    from marts_candidate.mart_agency__measures
    where
        unit_level in ('inner_outer', 'london')
        and measure in (
            'assignments', 'active_assignments', 'active_fte', 'project_team_assignments', 'over_3_months',
            'over_6_months', 'over_12_months', 'quarter_cost_gbp', 'authorities_naming_agencies'
        )
    group by measure, period_label, role_type
    having count(value) = 3
),

final as (
    select
        measure as field,
        period_label || ' ' || role_type as place,
        london - halves as difference
    from shown
)

select * from final
order by field, place
