-- One row per unit, quarter, core job type and pair of shown counts of which one is part of the other.
with pairs (part, whole) as (
    values
    ('active_assignments', 'assignments'),
    ('people', 'assignments'),
    ('project_team_assignments', 'assignments'),
    ('over_3_months', 'assignments'),
    ('over_6_months', 'over_3_months'),
    ('over_12_months', 'over_6_months')
),

final as (
    select
        pairs.part as field,
        parts.unit_name || ' ' || parts.period_label || ' ' || parts.role_type as place,
        parts.value as part_value,
        wholes.value as whole_value
    from pairs
    inner join marts_candidate.mart_agency__measures as parts on pairs.part = parts.measure
    inner join marts_candidate.mart_agency__measures as wholes
        on
            pairs.whole = wholes.measure
            and parts.unit_code = wholes.unit_code
            and parts.period_label = wholes.period_label
            and parts.role_type = wholes.role_type
    where parts.value is not null and wholes.value is not null
)

select * from final
order by field, place
