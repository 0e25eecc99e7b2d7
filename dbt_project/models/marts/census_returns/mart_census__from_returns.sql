with units as (
    select unit_code, unit_name, unit_level from {{ ref('dim_reporting_unit') }}
),

registry as (
    select
        indicator,
        indicator_label,
        indicator_topic,
        indicator_unit,
        definition,
        decimals,
        display_order,
        numerator,
        denominator
    from {{ ref('census_indicators') }}
    where indicator_basis = 'published'
),

returned as (
    select unit_code, census_year, indicator, value, value_status, units_counted, units_expected, is_synthetic
    from {{ ref('int_returns__census_indicators') }}
),

compared as (
    select
        unit_code,
        census_year,
        indicator,
        published_value,
        published_status,
        returns_difference,
        is_within_rounding
    from {{ ref('int_returns__census_compared') }}
),

-- The headcount behind each count. Vacancies are posts, not people; cases and days are hidden with the people they are
-- of.
people_behind (indicator, measure) as (
    values
    ('inpost_fte', 'in_post'),
    ('inpost_headcount', 'in_post'),
    ('starters_fte', 'starters'),
    ('starters_headcount', 'starters'),
    ('leavers_fte', 'leavers'),
    ('leavers_headcount', 'leavers'),
    ('agency_fte', 'agency'),
    ('agency_headcount', 'agency'),
    ('agency_cover_fte', 'agency'),
    ('case_holders_fte', 'case_holders'),
    ('cases', 'case_holders'),
    ('working_days_lost_fte', 'in_post')
),

-- A rate goes with the people of its numerator and of its denominator.
goes_with as (
    select
        registry.indicator,
        people_behind.measure
    from registry
    inner join people_behind
        on people_behind.indicator in (registry.indicator, registry.numerator, registry.denominator)
),

protected_breakdowns as (
    {{ protected_cells(
        ref('cells_census_breakdowns'), 'census_breakdowns', 'members', ['unit_code', 'census_year', 'measure', 'breakdown']
    ) }}
),

protected_counts as (
    {{ protected_cells(
        ref('cells_census_counts'), 'census_counts', 'members', ['unit_code', 'census_year', 'measure']
    ) }}
),

hidden_people as (
    select unit_code, census_year, measure
    from protected_breakdowns
    where breakdown = 'all' and protected_status = 'c'
    union all
    select unit_code, census_year, measure
    from protected_counts
    where protected_status = 'c'
),

hidden as (
    select distinct
        hidden_people.unit_code,
        hidden_people.census_year,
        goes_with.indicator
    from hidden_people
    inner join goes_with on hidden_people.measure = goes_with.measure
),

judged as (
    select
        returned.unit_code,
        returned.census_year,
        returned.indicator,
        returned.value,
        case
            when
                returned.units_counted = 0
                or not {{ is_covered('returned.units_counted', 'returned.units_expected') }}
                then 'x'
            when hidden.indicator is not null then 'c'
            else returned.value_status
        end as value_status,
        returned.units_counted::integer as units_counted,
        returned.units_expected::integer as units_expected,
        returned.is_synthetic
    from returned
    left join hidden
        on
            returned.unit_code = hidden.unit_code
            and returned.census_year = hidden.census_year
            and returned.indicator = hidden.indicator
),

final as (
    select
        judged.unit_code,
        units.unit_name,
        units.unit_level,
        judged.census_year,
        judged.indicator,
        registry.indicator_label,
        registry.indicator_topic,
        registry.indicator_unit,
        registry.definition,
        registry.decimals,
        registry.display_order,
        compared.published_value,
        -- Not published, or not yet, where there is no row.
        case when compared.published_value is null then coalesce(compared.published_status, 'x') end
            as published_status,
        case when judged.value_status is null then judged.value end as returns_value,
        judged.value_status as returns_status,
        -- Some of an area's units are not to be compared with all of them.
        case
            when judged.value_status is null and judged.units_counted = judged.units_expected
                then compared.returns_difference
        end as returns_difference,
        case
            when
                coalesce(judged.value_status, '') <> 'c' and judged.units_counted = judged.units_expected
                then compared.is_within_rounding
        end as is_within_rounding,
        judged.units_counted,
        judged.units_expected,
        {{ coverage_label('judged.units_counted', 'judged.units_expected') }} as coverage_label,
        judged.is_synthetic
    from judged
    inner join units on judged.unit_code = units.unit_code
    inner join registry on judged.indicator = registry.indicator
    left join compared
        on
            judged.unit_code = compared.unit_code
            and judged.census_year = compared.census_year
            and judged.indicator = compared.indicator
)

select * from final
