-- One row per percentage shown: what it must be by the counts shown beside it, and how far rounding may take it.
with percentages as (
    select
        figures.unit_name || ' ' || figures.period_label || ' ' || figures.rule || ' ' || figures.role_type as place,
        shares.field,
        shares.shown,
        shares.part,
        shares.whole
    from marts_candidate.mart_agency__compliance as figures
    cross join lateral (
        values
        ('compliance_rate_pct', figures.compliance_rate_pct, figures.compliant, figures.known),
        ('unknown_pct', figures.unknown_pct, figures.unknown, figures.in_scope)
    ) as shares (field, shown, part, whole)
    union all
    select
        unit_name || ' ' || period_label || ' ' || payment_basis || ' ' || role_type as place,
        'share_above_cap_pct' as field,
        share_above_cap_pct as shown,
        assignments_above_cap as part,
        assignments_compared as whole
    from marts_candidate.mart_agency__caps
),

final as (
    select
        place,
        field,
        shown,
        -- A percentage of counts that are not shown would give them away.
        coalesce(
            abs(shown - 100.0 * part / nullif(whole, 0)) <= case when whole < 50 then 0.5 else 0.05 end, false
        ) as is_of_its_counts
    from percentages
    where shown is not null
)

select * from final
order by place, field
