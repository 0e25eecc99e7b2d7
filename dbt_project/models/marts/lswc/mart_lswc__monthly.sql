with figures as (
    select
        site,
        site_name,
        month,
        month_end,
        kpi,
        value,
        source,
        counting_rule,
        since_launch,
        since_launch_status,
        since_launch_basis
    from {{ ref('int_lswc__kpi_months') }}
),

sources as (
    select distinct
        source,
        collection
    from {{ ref('lswc_datasets') }}
    union distinct
    select
        'followers' as source,
        'lswc_audience' as collection
),

collections as (
    select
        collection,
        bool_or(is_synthetic) as is_synthetic
    from {{ ref('stg_lswc__delivery_periods') }}
    group by collection
),

-- A month counted by another rule is no month to compare with.
compared as (
    select
        figures.*,
        month_before.value as value_month_before,
        year_before.value as value_year_before,
        max(figures.month_end) filter (where figures.value is not null) over (
            partition by figures.site, figures.kpi
        ) as data_as_at
    from figures
    left join figures as month_before
        on
            figures.site = month_before.site
            and figures.kpi = month_before.kpi
            and figures.counting_rule = month_before.counting_rule
            and figures.month = (month_before.month + interval '1 month')::date
    left join figures as year_before
        on
            figures.site = year_before.site
            and figures.kpi = year_before.kpi
            and figures.counting_rule = year_before.counting_rule
            and figures.month = (year_before.month + interval '1 year')::date
),

final as (
    select
        compared.site,
        compared.site_name,
        compared.month,
        compared.kpi,
        kpis.kpi_label,
        kpis.kpi_unit,
        kpis.measure_kind,
        kpis.kpi_order,
        kpis.definition,
        compared.value,
        case when compared.value is null then 'x' end as value_status,
        compared.value - compared.value_month_before as change_on_month,
        compared.value - compared.value_year_before as change_on_year,
        compared.since_launch,
        compared.since_launch_status,
        compared.since_launch_basis,
        compared.counting_rule,
        counting_rules.counting_rule_label,
        compared.source,
        compared.data_as_at,
        coalesce(collections.is_synthetic, false) as is_synthetic
    from compared
    inner join {{ ref('lswc_kpis') }} as kpis on compared.kpi = kpis.kpi
    inner join sources on compared.source = sources.source
    left join collections on sources.collection = collections.collection
    left join {{ ref('lswc_counting_rules') }} as counting_rules
        on compared.counting_rule = counting_rules.counting_rule
)

select * from final
