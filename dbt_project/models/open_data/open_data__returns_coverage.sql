{{ config(alias='returns_coverage') }}

with final as (
    select
        collection,
        collection_label,
        period_label,
        calendar_label,
        period_start,
        period_end,
        unit_code,
        unit_name,
        unit_level,
        opens,
        deadline,
        units_counted,
        units_expected,
        coverage_label,
        coverage_pct,
        {{ disclosure_parameter('public', 'minimum_coverage_pct') }}::numeric as minimum_coverage_pct,
        {{ is_covered('units_counted', 'units_expected', 'public') }} as is_enough,
        is_synthetic
    from {{ ref('mart_returns__coverage') }}
)

select * from final
