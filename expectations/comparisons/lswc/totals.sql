-- One row per figure and month with a total since launch: what it grew by since the month before, and what is missing
-- of the month itself.
with totals as (
    select
        kpi,
        kpi_label,
        month,
        value,
        since_launch,
        since_launch_basis,
        lag(since_launch) over by_month as since_launch_before,
        lag(since_launch_basis) over by_month as basis_before
    from marts_candidate.mart_lswc__monthly
    where since_launch is not null
    window by_month as (
        partition by site, kpi
        order by month
    )
),

final as (
    select
        kpi,
        kpi_label || ' ' || to_char(month, 'FMMonth YYYY') as place,
        since_launch,
        since_launch_before,
        since_launch - since_launch_before as growth,
        since_launch - value as over_the_month
    from totals
    where since_launch_basis = coalesce(basis_before, since_launch_basis)
)

select * from final
order by kpi, place
