-- One row per place, quarter, role, rule and sum of which everything is shown: the whole, and its parts together.
with figures as (
    select
        unit_name || ' ' || period_label || ' ' || rule || ' ' || role_type as place,
        in_scope,
        known,
        compliant,
        non_compliant,
        unknown
    from marts_candidate.mart_agency__compliance
),

final as (
    select
        figures.place,
        sums.field,
        sums.whole,
        sums.parts
    from figures
    cross join lateral (
        values
        ('in_scope', figures.in_scope, figures.known + figures.unknown),
        ('known', figures.known, figures.compliant + figures.non_compliant)
    ) as sums (field, whole, parts)
    where sums.whole is not null and sums.parts is not null
)

select * from final
order by place, field
