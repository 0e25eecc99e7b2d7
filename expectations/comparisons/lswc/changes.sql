-- One row per figure: its newest month as a multiple of the month before, where that was large enough to compare.
with ranked as (
    select
        kpi,
        kpi_label,
        month,
        value,
        change_on_month,
        row_number() over (
            partition by site, kpi
            order by month desc
        ) as place_from_end
    from marts_candidate.mart_lswc__monthly
    where value is not null
),

final as (
    select
        kpi,
        kpi_label || ' ' || to_char(month, 'FMMonth YYYY') as place,
        value,
        value - change_on_month as value_month_before,
        value / (value - change_on_month) as times_last_month
    from ranked
    where place_from_end = 1 and value - change_on_month >= 50
)

select * from final
order by kpi
