{{ config(indexes=[{'columns': ['collection', 'indicator', 'period_label']}]) }}

with units as (
    select
        unit_code,
        unit_name,
        unit_level,
        inner_outer_code,
        authorities_in_unit,
        authority_names
    from {{ ref('dim_reporting_unit') }}
),

figures as (
    select
        indicators.*,
        units.unit_level,
        -- The last day of the period before: a month, a quarter or a year back.
        (
            date_trunc('month', indicators.period_end)
            - make_interval(months => indicators.period_months - 1) - interval '1 day'
        )::date as previous_period_end
    from {{ ref('int_member__indicators') }} as indicators
    inner join units on indicators.unit_code = units.unit_code
),

-- Where neither end is better, or size alone makes the difference, there is no best quarter either.
ranked as (
    select
        unit_code,
        collection,
        period_label,
        indicator,
        category,
        rank() over (
            partition by collection, period_label, indicator, category
            order by case polarity when 'low' then value else -value end
        )::integer as rank_in_london,
        (count(*) over (partition by collection, period_label, indicator, category))::integer as units_ranked
    from figures
    where unit_level = 'authority' and is_ranked and value is not null
),

areas as (
    select unit_code, unit_level, collection, period_label, indicator, category, basis, value, coverage_label
    from figures
    where unit_level in ('inner_outer', 'london', 'england')
),

compared as (
    select
        figures.unit_code,
        units.unit_name,
        figures.collection,
        figures.period_label,
        figures.period_end,
        figures.indicator,
        figures.indicator_label,
        figures.indicator_unit,
        figures.category,
        figures.polarity,
        figures.decimals,
        figures.value,
        figures.value_status,
        previous.value as previous_value,
        previous.period_label as previous_period_label,
        figures.value - previous.value as change_on_previous,
        inner_outer.value as inner_outer_value,
        london.value as london_value,
        england.value as england_value,
        neighbours.neighbours_median,
        neighbours.neighbours_counted,
        ranked.rank_in_london,
        ranked.units_ranked,
        london.coverage_label,
        figures.is_synthetic,
        nullif(
            concat_ws(
                ' ',
                figures.note,
                case
                    when units.authorities_in_unit > 1 and coalesce(figures.note, '') not like '%cannot be split%'
                        then units.authority_names || ' report together; their figures cannot be split.'
                end
            ),
            ''
        ) as note
    from figures
    inner join units on figures.unit_code = units.unit_code
    -- Figures counted by different rules are not compared.
    left join figures as previous
        on
            figures.unit_code = previous.unit_code
            and figures.collection = previous.collection
            and figures.previous_period_end = previous.period_end
            and figures.indicator = previous.indicator
            and figures.category = previous.category
            and figures.basis is not distinct from previous.basis
    left join areas as inner_outer
        on
            units.inner_outer_code = inner_outer.unit_code
            and figures.collection = inner_outer.collection
            and figures.period_label = inner_outer.period_label
            and figures.indicator = inner_outer.indicator
            and figures.category = inner_outer.category
            and figures.basis is not distinct from inner_outer.basis
    left join areas as london
        on
            london.unit_level = 'london'
            and figures.collection = london.collection
            and figures.period_label = london.period_label
            and figures.indicator = london.indicator
            and figures.category = london.category
            and figures.basis is not distinct from london.basis
    left join areas as england
        on
            england.unit_level = 'england'
            and figures.collection = england.collection
            and figures.period_label = england.period_label
            and figures.indicator = england.indicator
            and figures.category = england.category
            and figures.basis is not distinct from england.basis
    left join {{ ref('int_member__neighbours_compared') }} as neighbours
        on
            figures.unit_code = neighbours.unit_code
            and figures.collection = neighbours.collection
            and figures.period_label = neighbours.period_label
            and figures.indicator = neighbours.indicator
            and figures.category = neighbours.category
    left join ranked
        on
            figures.unit_code = ranked.unit_code
            and figures.collection = ranked.collection
            and figures.period_label = ranked.period_label
            and figures.indicator = ranked.indicator
            and figures.category = ranked.category
    where figures.unit_level = 'authority'
),

final as (
    select
        unit_code,
        unit_name,
        collection,
        period_label,
        period_end,
        indicator,
        indicator_label,
        indicator_unit,
        category,
        polarity,
        value,
        value_status,
        case
            when value is null then value_status
            else {{ figure_label('value', 'indicator_unit', 'decimals') }}
                || case when indicator_unit = 'percent' then '%' else '' end
        end as value_label,
        previous_value,
        change_on_previous,
        {{ change_on_label('change_on_previous', 'indicator_unit', 'decimals', 'previous_period_label') }}
            as change_label,
        inner_outer_value,
        london_value,
        england_value,
        neighbours_median,
        coalesce(neighbours_counted, 0) as neighbours_counted,
        rank_in_london,
        units_ranked,
        -- Units that share a rank share a quarter. Two or three make no quarters.
        case when units_ranked >= 4 then 4 * (rank_in_london - 1) / units_ranked + 1 end as quartile_in_london,
        coverage_label,
        is_synthetic,
        note
    from compared
)

select * from final
