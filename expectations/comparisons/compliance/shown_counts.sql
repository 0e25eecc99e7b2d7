-- One row per place, quarter and count: how far the counts shown are from those behind them, all rules together.
with shown as (
    select
        figures.unit_code,
        figures.unit_name,
        figures.period_label,
        figures.role_type,
        figures.rule,
        counts.cell,
        counts.shown
    from marts_candidate.mart_agency__compliance as figures
    cross join lateral (
        values
        ('in_scope', figures.in_scope),
        ('known', figures.known),
        ('compliant', figures.compliant),
        ('non_compliant', figures.non_compliant),
        ('approved_breach', figures.approved_breaches),
        ('unknown', figures.unknown)
    ) as counts (cell, shown)
    where counts.shown is not null
),

final as (
    select
        shown.unit_name || ' ' || shown.period_label as place,
        shown.cell as field,
        sum(abs(shown.shown - coalesce(cells.count_in_cell, 0))) as difference
    from shown
    left join intermediate.cells_agency_compliance as cells
        on
            shown.unit_code = cells.unit_code
            and shown.period_label = cells.period_label
            and shown.role_type = cells.role_type
            and shown.rule = cells.rule
            and shown.cell = cells.cell
            and cells.payment_basis is null
    group by shown.unit_name, shown.period_label, shown.cell
)

select * from final
order by place, field
