{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with counted as (
    select
        record,
        period_label,
        calendar_label,
        period_start,
        period_end,
        place_code,
        is_synthetic,
        count(*) filter (where is_counted)::integer as units_counted,
        count(*)::integer as units_expected
    from {{ ref('int_ep__unit_places') }}
    group by record, period_label, calendar_label, period_start, period_end, place_code, is_synthetic
),

final as (
    select
        counted.record,
        counted.period_label,
        counted.calendar_label,
        counted.period_start,
        counted.period_end,
        counted.place_code as unit_code,
        units.unit_name,
        units.unit_level,
        counted.units_counted,
        counted.units_expected,
        {{ is_covered('counted.units_counted', 'counted.units_expected') }} as is_covered,
        counted.is_synthetic
    from counted
    inner join {{ ref('dim_reporting_unit') }} as units on counted.place_code = units.unit_code
)

select * from final
