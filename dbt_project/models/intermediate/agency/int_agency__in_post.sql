{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with unit_quarters as (
    select unit_code, period_end, is_synthetic from {{ ref('int_agency__unit_quarters') }}
),

releases as (
    select is_synthetic
    from {{ ref('stg_dfe_census__releases') }}
    where is_current and dataset = 'indicators'
),

published as (
    select
        areas.area_code as unit_code,
        areas.census_year,
        areas.value as in_post_fte,
        releases.is_synthetic
    from {{ ref('int_census__current_by_area') }} as areas
    cross join releases
    where areas.indicator = 'inpost_fte' and areas.value is not null
),

-- What is not published yet can be worked out from the agency rate, so that it must not be of a handful of people.
returned as (
    select
        unit_code,
        census_year,
        inpost_fte as in_post_fte,
        is_synthetic
    from {{ ref('int_returns__census_measures') }}
    where
        inpost_fte is not null
        and inpost_headcount >= {{ disclosure_parameter('members', 'threshold') }}
),

known as (
    select
        coalesce(published.unit_code, returned.unit_code) as unit_code,
        coalesce(published.census_year, returned.census_year) as census_year,
        coalesce(published.is_synthetic, returned.is_synthetic) as is_synthetic,
        coalesce(published.in_post_fte, returned.in_post_fte) as in_post_fte,
        case when published.in_post_fte is not null then 'dfe' else 'returns' end as in_post_source
    from published
    full outer join returned
        on
            published.unit_code = returned.unit_code
            and published.census_year = returned.census_year
            and published.is_synthetic = returned.is_synthetic
),

-- Every unit with a figure of every census on or before the quarter's end; real and synthetic never together.
candidates as (
    select
        unit_quarters.unit_code,
        unit_quarters.period_end,
        known.census_year,
        known.in_post_fte,
        known.in_post_source
    from unit_quarters
    inner join known
        on
            unit_quarters.unit_code = known.unit_code
            and unit_quarters.is_synthetic = known.is_synthetic
            and make_date(known.census_year, 9, 30) <= unit_quarters.period_end
),

units as (
    select count(*) as units_expected
    from {{ ref('dim_reporting_unit') }}
    where unit_level = 'authority'
),

years as (
    select
        candidates.period_end,
        candidates.census_year,
        count(*) as units_counted
    from candidates
    group by candidates.period_end, candidates.census_year
),

-- One census for all units of a quarter: the newest of which enough units have a figure.
newest as (
    select
        years.period_end,
        max(years.census_year) as census_year
    from years
    cross join units
    where {{ is_covered('years.units_counted', 'units.units_expected') }}
    group by years.period_end
),

final as (
    select
        unit_quarters.unit_code,
        unit_quarters.period_end,
        make_date(newest.census_year, 9, 30) as in_post_as_at,
        candidates.in_post_fte,
        candidates.in_post_source
    from unit_quarters
    left join newest on unit_quarters.period_end = newest.period_end
    left join candidates
        on
            unit_quarters.unit_code = candidates.unit_code
            and unit_quarters.period_end = candidates.period_end
            and newest.census_year = candidates.census_year
)

select * from final
