{{ config(materialized='table', post_hook='analyze {{ this }}') }}

{% set breakdowns = [
    'origin', 'destination', 'leaving_reason', 'absence_reason', 'role', 'age_band', 'sex', 'qualification_route',
    'time_in_post'
] %}

with members as (
    select unit_code, census_year, member_code, has_returned, is_synthetic
    from {{ ref('int_census_returns__members') }}
),

categories as (
    select measure, breakdown, category, is_for_units from {{ ref('int_census_returns__categories') }}
),

codes as (
    select
        breakdown,
        code,
        category,
        valid_from_year,
        coalesce(valid_to_year, 9999) as valid_to_year
    from {{ ref('census_return_codes') }}
),

-- Every breakdown in one reading of the people.
people as (
    select
        unit_code,
        census_year,
        measure,
        case
            {% for breakdown in breakdowns %}
                when grouping({{ breakdown }}) = 0 then '{{ breakdown }}'
            {% endfor %}
            else 'all'
        end as breakdown,
        case
            {% for breakdown in breakdowns %}
                when grouping({{ breakdown }}) = 0 then {{ breakdown }}
            {% endfor %}
            else 'all'
        end as code,
        count(*) as headcount
    from {{ ref('int_census_returns__people') }}
    group by
        unit_code,
        census_year,
        measure,
        grouping sets ((), ({{ breakdowns | join('), (') }}))
),

translated as (
    select
        people.unit_code,
        people.census_year,
        people.measure,
        people.breakdown,
        -- A code that its year does not have says nothing.
        case when people.breakdown = 'all' then 'all' else coalesce(codes.category, 'not_known') end as category,
        people.headcount
    from people
    left join codes
        on
            people.breakdown = codes.breakdown
            and people.code = codes.code
            and people.census_year between codes.valid_from_year and codes.valid_to_year
),

-- Several codes may be one category.
categorised as (
    select unit_code, census_year, measure, breakdown, category, sum(headcount) as headcount
    from translated
    group by unit_code, census_year, measure, breakdown, category
),

everything as (
    select measure, breakdown, category, is_for_units from categories
    union all
    -- Counted, and not broken down.
    select measure, 'all' as breakdown, 'all' as category, true as is_for_units
    from (values ('agency'), ('case_holders')) as others (measure)
),

counts as (
    select
        members.unit_code,
        members.census_year,
        everything.measure,
        everything.breakdown,
        everything.category,
        -- Nobody of a unit that has returned is 0, of one that has not is nothing known.
        sum(case when members.has_returned then coalesce(categorised.headcount, 0) end) as headcount,
        count(*) filter (where members.has_returned) as units_counted,
        count(*) as units_expected,
        bool_or(members.is_synthetic) as is_synthetic
    from members
    cross join everything
    left join categorised
        on
            members.member_code = categorised.unit_code
            and members.census_year = categorised.census_year
            and everything.measure = categorised.measure
            and everything.breakdown = categorised.breakdown
            and everything.category = categorised.category
    where everything.is_for_units or members.unit_code <> members.member_code
    group by
        members.unit_code,
        members.census_year,
        everything.measure,
        everything.breakdown,
        everything.category
),

final as (
    select
        unit_code,
        census_year,
        measure,
        breakdown,
        category,
        case when {{ is_covered('units_counted', 'units_expected') }} then headcount end as headcount,
        case
            when headcount is null or not {{ is_covered('units_counted', 'units_expected') }} then 'x'
        end as headcount_status,
        units_counted,
        units_expected,
        is_synthetic
    from counts
)

select * from final
