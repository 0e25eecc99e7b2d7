{{ config(materialized='view') }}

{%- set quartiles = ['lower_quartile', 'median', 'upper_quartile'] %}
{%- set breakdowns = [
    'origin', 'destination', 'leaving_reason', 'absence_reason', 'role', 'age_band', 'sex', 'qualification_route',
    'time_in_post'
] %}

-- The cells of breakdowns hold only what may be shown of a single authority: here every breakdown is counted.
with members as (
    select unit_code, census_year, has_returned, is_synthetic from {{ ref('int_census_returns__members') }}
    where unit_code = member_code
),

categories as (
    select distinct measure, breakdown, category from {{ ref('int_census_returns__categories') }}
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

coded as (
    select
        people.unit_code,
        people.census_year,
        people.measure,
        given.breakdown,
        given.code
    from {{ ref('int_census_returns__people') }} as people
    cross join lateral (
        values
        ('all', 'all'),
        {% for breakdown in breakdowns %}
            ('{{ breakdown }}', people.{{ breakdown }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as given (breakdown, code)
),

translated as (
    select
        coded.unit_code,
        coded.census_year,
        coded.measure,
        coded.breakdown,
        -- A code that its year does not have says nothing.
        case when coded.breakdown = 'all' then 'all' else coalesce(codes.category, 'not_known') end as category
    from coded
    left join codes
        on
            coded.breakdown = codes.breakdown
            and coded.code = codes.code
            and coded.census_year between codes.valid_from_year and codes.valid_to_year
),

counted as (
    select
        unit_code,
        census_year,
        measure,
        breakdown,
        category,
        count(*) as headcount
    from translated
    group by unit_code, census_year, measure, breakdown, category
),

-- Nobody of a unit that has returned is 0, of one that has not is nothing known.
headcounts as (
    select
        members.unit_code,
        members.census_year,
        categories.measure,
        categories.breakdown,
        categories.category,
        members.is_synthetic,
        case when members.has_returned then coalesce(counted.headcount, 0) end as headcount,
        case when not members.has_returned then 'x' end as headcount_status
    from members
    cross join categories
    left join counted
        on
            members.unit_code = counted.unit_code
            and members.census_year = counted.census_year
            and categories.measure = counted.measure
            and categories.breakdown = counted.breakdown
            and categories.category = counted.category
),

pay_cells as (
    {{ protected_cells(
        ref('cells_census_pay'), 'census_pay', 'own', ['unit_code', 'census_year', 'role', 'pay_item', 'is_synthetic'],
        ['lower_quartile_gbp', 'median_gbp', 'upper_quartile_gbp']
    ) }}
),

own as (
    select minimum_group_for_quartiles from {{ ref('disclosure_products') }}
    where product = 'own'
),

-- The quartiles of two or three people's pay are those people's pay.
pay_quartiles as (
    select
        pay_cells.*,
        case
            when pay_cells.protected_status is not null then pay_cells.protected_status
            when pay_cells.protected_count = 0 then 'z'
            when pay_cells.protected_count < own.minimum_group_for_quartiles then 'c'
            when pay_cells.protected_median_gbp is null then 'x'
        end as quartiles_status
    from pay_cells
    cross join own
    -- Pooled tiers are there for their counts alone.
    where pay_cells.role not in ('managers', 'frontline')
),

figures as (
    -- Counts and rates by DfE's formulas.
    select
        returned.unit_code,
        returned.census_year,
        returned.indicator,
        registry.indicator_label,
        registry.indicator_unit,
        registry.decimals,
        'all' as breakdown,
        'all' as category,
        returned.value,
        returned.value_status,
        returned.is_synthetic
    from {{ ref('int_returns__census_indicators') }} as returned
    inner join {{ ref('census_indicators') }} as registry on returned.indicator = registry.indicator
    union all
    select
        unit_code,
        census_year,
        measure as indicator,
        upper(left(measure, 1)) || replace(substr(measure, 2), '_', ' ') as indicator_label,
        'headcount' as indicator_unit,
        0 as decimals,
        breakdown,
        category,
        headcount as value,
        headcount_status as value_status,
        is_synthetic
    from headcounts
    union all
    select
        unit_code,
        census_year,
        pay_item || '_people' as indicator,
        upper(left(pay_item, 1)) || replace(substr(pay_item, 2), '_', ' ') || ': people' as indicator_label,
        'headcount' as indicator_unit,
        0 as decimals,
        {{ breakdown_of(['role']) }} as breakdown,
        role as category,
        protected_count as value,
        protected_status as value_status,
        is_synthetic
    from pay_cells
    {% for quartile in quartiles %}
        union all
        select
            unit_code,
            census_year,
            pay_item || '_{{ quartile }}_gbp' as indicator,
            upper(left(pay_item, 1)) || replace(substr(pay_item, 2), '_', ' ')
            || ': {{ quartile | replace("_", " ") }}' as indicator_label,
            'gbp' as indicator_unit,
            0 as decimals,
            {{ breakdown_of(['role']) }} as breakdown,
            role as category,
            case when quartiles_status is null then protected_{{ quartile }}_gbp end as value,
            quartiles_status as value_status,
            is_synthetic
        from pay_quartiles
    {% endfor %}
),

final as (
    select
        unit_code,
        'csww_census' as collection,
        census_year::text as period_label,
        make_date(census_year, 9, 30) as period_end,
        indicator,
        indicator_label,
        indicator_unit,
        decimals,
        breakdown,
        category,
        value,
        value_status,
        is_synthetic
    from figures
)

select * from final
