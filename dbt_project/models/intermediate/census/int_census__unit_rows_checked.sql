with published as (
    select area_code, census_year, indicator, value, value_status
    from {{ ref('int_census__indicators_by_area') }}
    where is_current
),

years as (
    select distinct census_year from published
),

compared as (
    select
        this_year.area_code,
        this_year.census_year,
        this_year.value,
        -- The same number, or the same symbol in place of one.
        coalesce(
            this_year.value = last_year.value or this_year.value_status = last_year.value_status, false
        ) as is_repeated
    from published as this_year
    left join published as last_year
        on
            this_year.area_code = last_year.area_code
            and this_year.indicator = last_year.indicator
            and this_year.census_year - 1 = last_year.census_year
),

rows_compared as (
    select
        area_code,
        census_year,
        count(value) as figures_published,
        bool_and(is_repeated) as repeats_last_year
    from compared
    group by area_code, census_year
),

final as (
    select
        units.unit_code,
        years.census_year,
        case
            when coalesce(rows_compared.figures_published, 0) = 0 then 'missing'
            when rows_compared.repeats_last_year then 'carried_forward'
            else 'published'
        end as unit_row_status,
        coalesce(rows_compared.figures_published, 0) as figures_published
    from {{ ref('dim_reporting_unit') }} as units
    cross join years
    left join rows_compared
        on units.unit_code = rows_compared.area_code and years.census_year = rows_compared.census_year
)

select * from final
