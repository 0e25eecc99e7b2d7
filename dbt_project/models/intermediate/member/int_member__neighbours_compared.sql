with indicators as (
    select
        unit_code,
        collection,
        period_label,
        indicator,
        category,
        basis,
        value,
        published_neighbours_median,
        published_neighbours_counted
    from {{ ref('int_member__indicators') }}
),

-- One model for every period, so that a trend compares with one group of neighbours.
neighbours as (
    select
        authority_code,
        neighbour_authority_code,
        model_year = max(model_year) over () as is_newest
    from {{ ref('statistical_neighbours') }}
),

-- A joint unit's neighbours are those of all its authorities, each once, and never itself.
pairs as (
    select distinct
        units.unit_code,
        neighbour_units.unit_code as neighbour_unit_code
    from neighbours
    inner join {{ ref('bridge_authority_reporting_unit') }} as units
        on neighbours.authority_code = units.authority_code
    inner join {{ ref('bridge_authority_reporting_unit') }} as neighbour_units
        on neighbours.neighbour_authority_code = neighbour_units.authority_code
    where neighbours.is_newest and units.unit_code <> neighbour_units.unit_code
),

medians as (
    select
        pairs.unit_code,
        shown.collection,
        shown.period_label,
        shown.indicator,
        shown.category,
        shown.basis,
        trim_scale(round(percentile_cont(0.5) within group (order by shown.value)::numeric, 2)) as neighbours_median,
        count(*)::integer as neighbours_counted
    from pairs
    inner join indicators as shown on pairs.neighbour_unit_code = shown.unit_code
    where shown.value is not null
    group by
        pairs.unit_code, shown.collection, shown.period_label, shown.indicator, shown.category, shown.basis
),

-- The census mart knows the neighbours outside London too; of other collections only London's authorities send any.
counted as (
    select
        indicators.unit_code,
        indicators.collection,
        indicators.period_label,
        indicators.indicator,
        indicators.category,
        case
            when indicators.published_neighbours_counted is not null then indicators.published_neighbours_median
            else medians.neighbours_median
        end as neighbours_median,
        coalesce(indicators.published_neighbours_counted, medians.neighbours_counted, 0) as neighbours_counted
    from indicators
    left join medians
        on
            indicators.unit_code = medians.unit_code
            and indicators.collection = medians.collection
            and indicators.period_label = medians.period_label
            and indicators.indicator = medians.indicator
            and indicators.category = medians.category
            and indicators.basis is not distinct from medians.basis
),

final as (
    select
        unit_code,
        collection,
        period_label,
        indicator,
        category,
        neighbours_counted,
        -- The median of one or two is nearly their own figures, and says nothing about neighbours.
        case
            when neighbours_counted >= {{ var('minimum_neighbours', 3) }} then neighbours_median
        end as neighbours_median
    from counted
)

select * from final
