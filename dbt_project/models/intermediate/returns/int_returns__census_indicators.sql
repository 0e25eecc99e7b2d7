{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with measures as (
    select
        measured.unit_code,
        measured.census_year,
        counted.indicator,
        counted.value
    from {{ ref('int_returns__census_measures') }} as measured
    cross join lateral (
        values
        ('inpost_fte', measured.inpost_fte),
        ('inpost_headcount', measured.inpost_headcount),
        ('starters_fte', measured.starters_fte),
        ('starters_headcount', measured.starters_headcount),
        ('leavers_fte', measured.leavers_fte),
        ('leavers_headcount', measured.leavers_headcount),
        ('agency_fte', measured.agency_fte),
        ('agency_headcount', measured.agency_headcount),
        ('agency_cover_fte', measured.agency_cover_fte),
        ('vacancy_fte', measured.vacancy_fte),
        ('case_holders_fte', measured.case_holders_fte),
        ('cases', measured.cases),
        ('working_days_lost_fte', measured.working_days_lost_fte)
    ) as counted (indicator, value)
),

years as (
    select census_year, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_returns__census_measures') }}
    group by census_year
),

units as (
    select unit_code, unit_level, inner_outer_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('authority', 'inner_outer', 'london')
),

-- A unit counts for itself, in Inner or Outer London, and in London.
memberships as (
    select members.unit_code as member_code, areas.unit_code as area_code
    from units as members
    inner join units as areas
        on
            members.unit_code = areas.unit_code
            or members.inner_outer_code = areas.unit_code
            or areas.unit_level = 'london'
    where members.unit_level = 'authority'
),

registry as (
    select
        indicator,
        numerator,
        denominator,
        denominator_adds_numerator,
        uses_working_days,
        scale,
        withheld_above
    from {{ ref('census_indicators') }}
    where indicator_basis = 'published'
),

-- Every unit and year: what has not come in has no measure.
counts as (
    select
        memberships.area_code,
        years.census_year,
        registry.indicator,
        sum(measures.value) as value,
        count(measures.value) as units_counted,
        count(*) as units_expected
    from memberships
    cross join years
    cross join registry
    left join measures
        on
            memberships.member_code = measures.unit_code
            and years.census_year = measures.census_year
            and registry.indicator = measures.indicator
    where registry.numerator is null
    group by memberships.area_code, years.census_year, registry.indicator
),

-- Sums first, then the division; a unit that lacks one of the two is in neither.
rate_inputs as (
    select
        memberships.area_code,
        years.census_year,
        registry.indicator,
        sum(numerators.value) filter (where denominators.value is not null) as numerator,
        sum(denominators.value) filter (where numerators.value is not null) as denominator,
        count(numerators.value) filter (where denominators.value is not null) as units_counted,
        count(*) as units_expected
    from memberships
    cross join years
    cross join registry
    left join measures as numerators
        on
            memberships.member_code = numerators.unit_code
            and years.census_year = numerators.census_year
            and registry.numerator = numerators.indicator
    left join measures as denominators
        on
            memberships.member_code = denominators.unit_code
            and years.census_year = denominators.census_year
            and registry.denominator = denominators.indicator
    where registry.numerator is not null
    group by memberships.area_code, years.census_year, registry.indicator
),

divided as (
    select
        rate_inputs.area_code,
        rate_inputs.census_year,
        rate_inputs.indicator,
        rate_inputs.units_counted,
        rate_inputs.units_expected,
        registry.withheld_above,
        case when rate_inputs.units_counted = 0 then 'x' end as input_status,
        {{ rate_divisor('rate_inputs.numerator', 'rate_inputs.denominator', 'registry', 'rate_inputs.census_year') }}
            as divisor,
        rate_inputs.numerator * registry.scale
        / {{ rate_divisor('rate_inputs.numerator', 'rate_inputs.denominator', 'registry', 'rate_inputs.census_year') }}
            as rate
    from rate_inputs
    inner join registry on rate_inputs.indicator = registry.indicator
),

rates as (
    select
        area_code,
        census_year,
        indicator,
        rate,
        -- As DfE withholds it since the 2024 release.
        case
            when rate > withheld_above then 'u'
            else {{ rate_status('input_status', 'input_status', 'divisor') }}
        end as value_status,
        units_counted,
        units_expected
    from divided
),

counts_and_rates as (
    select
        area_code,
        census_year,
        indicator,
        trim_scale(value) as value,
        case when units_counted = 0 then 'x' end as value_status,
        units_counted,
        units_expected
    from counts
    union all
    select
        area_code,
        census_year,
        indicator,
        case when value_status is null then trim_scale(round(rate, 4)) end as value,
        value_status,
        units_counted,
        units_expected
    from rates
),

final as (
    select
        counts_and_rates.area_code as unit_code,
        counts_and_rates.census_year,
        counts_and_rates.indicator,
        counts_and_rates.value,
        counts_and_rates.value_status,
        counts_and_rates.units_counted,
        counts_and_rates.units_expected,
        years.is_synthetic
    from counts_and_rates
    inner join years on counts_and_rates.census_year = years.census_year
)

select * from final
