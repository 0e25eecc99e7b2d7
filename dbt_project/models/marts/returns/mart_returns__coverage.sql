with counted as (
    select
        collection,
        collection_label,
        period_label,
        calendar_label,
        period_start,
        period_end,
        opens,
        deadline,
        count(*) filter (where was_sent)::integer as units_counted,
        count(*)::integer as units_expected,
        count(*) filter (where status = 'partly')::integer as units_partly,
        count(*) filter (where days_after_deadline > 0)::integer as units_late,
        count(*) filter (where is_overdue)::integer as units_overdue,
        is_synthetic
    from {{ ref('int_returns_status__units') }}
    group by
        collection, collection_label, period_label, calendar_label, period_start, period_end, opens, deadline,
        is_synthetic
),

london as (
    select unit_code, unit_name, unit_level from {{ ref('dim_reporting_unit') }}
    where unit_level = 'london'
),

final as (
    select
        counted.collection,
        counted.collection_label,
        counted.period_label,
        counted.calendar_label,
        counted.period_start,
        counted.period_end,
        london.unit_code,
        london.unit_name,
        london.unit_level,
        counted.opens,
        counted.deadline,
        counted.units_counted,
        counted.units_expected,
        {{ coverage_label('counted.units_counted', 'counted.units_expected') }} as coverage_label,
        round(100.0 * counted.units_counted / nullif(counted.units_expected, 0), 1) as coverage_pct,
        {{ disclosure_parameter('members', 'minimum_coverage_pct') }}::numeric as minimum_coverage_pct,
        {{ is_covered('counted.units_counted', 'counted.units_expected') }} as is_enough,
        counted.units_partly,
        counted.units_late,
        counted.units_overdue,
        counted.is_synthetic
    from counted
    cross join london
)

select * from final
