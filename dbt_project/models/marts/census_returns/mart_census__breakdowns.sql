with units as (
    select unit_code, unit_name, unit_level from {{ ref('dim_reporting_unit') }}
),

categories as (
    select measure, breakdown, breakdown_order, category, category_label, category_order
    from {{ ref('int_census_returns__categories') }}
),

protected as (
    {{ protected_cells(
        ref('cells_census_breakdowns'),
        'census_breakdowns',
        'members',
        ['unit_code', 'census_year', 'measure', 'breakdown', 'category', 'units_counted', 'units_expected', 'is_synthetic']
    ) }}
),

wholes as (
    select unit_code, census_year, measure, protected_count, protected_status
    from protected
    where breakdown = 'all'
),

-- Where the number of all is hidden, so is everybody of its breakdown: DfE publishes most of these numbers later, and
-- the breakdown must not be worked out from them then.
judged as (
    select
        protected.*,
        wholes.protected_count as whole_count,
        wholes.protected_status as whole_status,
        case
            when wholes.protected_status = 'c' and protected.protected_count > 0 then 'c'
            else protected.protected_status
        end as headcount_status
    from protected
    inner join wholes
        on
            protected.unit_code = wholes.unit_code
            and protected.census_year = wholes.census_year
            and protected.measure = wholes.measure
),

labels (measure, measure_label, measure_order) as (
    values
    ('in_post', 'In post on 30 September', 1),
    ('starters', 'Starters in the year', 2),
    ('leavers', 'Leavers in the year', 3),
    ('absent', 'Absent on 30 September', 4)
),

final as (
    select
        judged.unit_code,
        units.unit_name,
        units.unit_level,
        judged.census_year,
        judged.measure,
        labels.measure_label,
        labels.measure_order,
        judged.breakdown,
        case judged.breakdown
            when 'all' then 'All'
            when 'origin' then 'Where they came from'
            when 'destination' then 'Where they went'
            when 'leaving_reason' then 'Reason for leaving'
            when 'absence_reason' then 'Reason for absence'
            when 'time_in_post' then 'Time in post'
            when 'age_band' then 'Age'
            when 'role' then 'Role'
            when 'sex' then 'Sex'
            when 'qualification_route' then 'Route into social work'
        end as breakdown_label,
        categories.breakdown_order,
        judged.category,
        categories.category_label,
        categories.category_order::integer as category_order,
        case when judged.headcount_status is null then judged.protected_count end as headcount,
        judged.headcount_status,
        case
            when judged.headcount_status is null and judged.whole_status is null
                then trim_scale({{ share_pct('judged.protected_count', 'judged.whole_count') }})
        end as share_pct,
        {{ share_status('judged.headcount_status', 'judged.whole_status', 'judged.whole_count') }} as share_status,
        judged.units_counted,
        judged.units_expected,
        {{ coverage_label('judged.units_counted', 'judged.units_expected') }} as coverage_label,
        judged.is_synthetic
    from judged
    inner join units on judged.unit_code = units.unit_code
    -- Leaves out the tiers, which stand in the cells for the pattern alone.
    inner join categories
        on
            judged.measure = categories.measure
            and judged.breakdown = categories.breakdown
            and judged.category = categories.category
    inner join labels on judged.measure = labels.measure
)

select * from final
