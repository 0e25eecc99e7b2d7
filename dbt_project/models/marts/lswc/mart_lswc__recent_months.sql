with monthly as (
    select
        site,
        month,
        kpi,
        kpi_label,
        kpi_unit,
        measure_kind,
        kpi_order,
        value,
        value_status,
        change_on_month,
        change_on_year,
        since_launch,
        counting_rule_label,
        is_synthetic
    from {{ ref('mart_lswc__monthly') }}
),

-- Every month is a month somebody may look at; beside it stand the twelve before.
paired as (
    select
        shown.site,
        shown.month,
        shown.kpi,
        shown.kpi_label,
        shown.kpi_unit,
        shown.measure_kind,
        shown.kpi_order,
        beside.month as recent_month,
        (
            12 * (extract(year from shown.month) - extract(year from beside.month))
            + extract(month from shown.month) - extract(month from beside.month)
        )::integer as months_before,
        beside.value,
        beside.value_status,
        beside.change_on_month,
        beside.change_on_year,
        beside.since_launch,
        beside.counting_rule_label,
        beside.is_synthetic,
        max(beside.value) over (partition by shown.site, shown.month, shown.kpi) as highest
    from monthly as shown
    inner join monthly as beside
        on
            shown.site = beside.site
            and shown.kpi = beside.kpi
            and beside.month between shown.month - interval '12 months' and shown.month
),

final as (
    select
        site,
        month,
        kpi,
        kpi_label,
        kpi_unit,
        measure_kind,
        kpi_order,
        recent_month,
        months_before,
        value,
        value_status,
        {{ value_label('value', 'value_status', 'kpi_unit', 0) }} as value_label,
        {{ change_since_label('value', 'change_on_month', "(recent_month - interval '1 month')") }} as change_label,
        {{ change_since_label('value', 'change_on_year', "(recent_month - interval '1 year')") }} as year_change_label,
        {{ number_label('since_launch', 0) }} as since_launch_label,
        case when highest = 0 then 0 else round(100 * value / highest, 1) end as share_of_highest_pct,
        counting_rule_label,
        is_synthetic
    from paired
)

select * from final
