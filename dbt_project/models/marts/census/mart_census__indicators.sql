{{ config(indexes=[{'columns': ['indicator', 'census_year']}]) }}

with facts as (
    select
        facts.unit_code,
        facts.census_year,
        facts.indicator,
        facts.indicator_basis,
        facts.value,
        facts.value_status,
        facts.recomputed_value,
        facts.recomputed_status,
        facts.recomputed_difference,
        facts.unit_row_status,
        facts.release_id,
        facts.publication_year,
        facts.release_label,
        facts.is_synthetic,
        units.unit_name,
        units.unit_short_name,
        units.unit_level,
        units.inner_outer_code,
        units.inner_outer_name,
        units.grid_row,
        units.grid_column,
        units.is_very_small,
        units.authorities_in_unit,
        units.authority_names
    from {{ ref('fct_census_indicator') }} as facts
    inner join {{ ref('dim_reporting_unit') }} as units on facts.unit_code = units.unit_code
),

indicators as (
    select
        indicator,
        indicator_label,
        indicator_topic,
        indicator_unit,
        definition,
        polarity,
        decimals,
        is_headline,
        headline_order
    from {{ ref('census_indicators') }}
),

year_before as (
    select
        unit_code,
        census_year + 1 as census_year,
        indicator,
        value,
        value_status
    from facts
),

-- City of London is ranked like any unit, and marked as very small.
ranked as (
    select
        facts.unit_code,
        facts.census_year,
        facts.indicator,
        rank() over (
            partition by facts.census_year, facts.indicator
            order by case when indicators.polarity = 'low' then facts.value else -facts.value end
        ) as rank_in_london,
        count(*) over (partition by facts.census_year, facts.indicator) as units_ranked
    from facts
    inner join indicators on facts.indicator = indicators.indicator
    where facts.unit_level = 'authority' and facts.value is not null
),

area_values as (
    select unit_code, unit_level, census_year, indicator, value
    from facts
    where unit_level in ('inner_outer', 'london', 'england')
),

compared as (
    select
        facts.unit_code,
        facts.unit_name,
        facts.unit_short_name,
        facts.unit_level,
        facts.inner_outer_name,
        facts.grid_row,
        facts.grid_column,
        facts.is_very_small,
        facts.authorities_in_unit,
        facts.authority_names,
        facts.census_year,
        facts.indicator,
        facts.indicator_basis,
        facts.value,
        facts.value_status,
        facts.recomputed_value,
        facts.recomputed_status,
        facts.recomputed_difference,
        facts.unit_row_status,
        facts.release_id,
        facts.publication_year,
        facts.release_label,
        facts.is_synthetic,
        indicators.indicator_label,
        indicators.indicator_topic,
        indicators.indicator_unit,
        indicators.definition,
        indicators.polarity,
        indicators.decimals,
        indicators.is_headline,
        indicators.headline_order,
        year_before.value as previous_value,
        year_before.value_status as previous_value_status,
        facts.value - year_before.value as change_on_year,
        ranked.rank_in_london::integer as rank_in_london,
        ranked.units_ranked::integer as units_ranked,
        inner_outer.value as inner_outer_value,
        london.value as london_value,
        england.value as england_value,
        neighbours.neighbours_median,
        case when facts.unit_level = 'authority' then coalesce(neighbours.neighbours_counted, 0) end
            as neighbours_counted
    from facts
    inner join indicators on facts.indicator = indicators.indicator
    left join year_before
        on
            facts.unit_code = year_before.unit_code
            and facts.census_year = year_before.census_year
            and facts.indicator = year_before.indicator
    left join ranked
        on
            facts.unit_code = ranked.unit_code
            and facts.census_year = ranked.census_year
            and facts.indicator = ranked.indicator
    left join area_values as inner_outer
        on
            facts.inner_outer_code = inner_outer.unit_code
            and facts.census_year = inner_outer.census_year
            and facts.indicator = inner_outer.indicator
    left join area_values as london
        on
            london.unit_level = 'london'
            and facts.census_year = london.census_year
            and facts.indicator = london.indicator
    left join area_values as england
        on
            england.unit_level = 'england'
            and facts.census_year = england.census_year
            and facts.indicator = england.indicator
    left join {{ ref('int_census__neighbours_compared') }} as neighbours
        on
            facts.unit_code = neighbours.unit_code
            and facts.census_year = neighbours.census_year
            and facts.indicator = neighbours.indicator
),

final as (
    select
        unit_code,
        unit_name,
        census_year,
        indicator,
        value,
        value_status,
        unit_short_name,
        unit_level,
        inner_outer_name,
        grid_row,
        grid_column,
        is_very_small,
        make_date(census_year, 9, 30) as as_at_date,
        indicator_label,
        indicator_topic,
        indicator_unit,
        indicator_basis,
        definition,
        polarity,
        decimals,
        is_headline,
        headline_order,
        {{ value_label('value', 'value_status', 'indicator_unit', 'decimals') }} as value_label,
        previous_value,
        previous_value_status,
        change_on_year,
        {{ change_label('change_on_year', 'indicator_unit', 'decimals', 'census_year') }} as change_label,
        rank_in_london,
        units_ranked,
        -- Units that share a rank share a quarter.
        4 * (rank_in_london - 1) / units_ranked + 1 as quartile_in_london,
        recomputed_value,
        recomputed_status,
        recomputed_difference,
        inner_outer_value,
        london_value,
        england_value,
        neighbours_median,
        neighbours_counted,
        unit_row_status,
        release_id,
        publication_year,
        release_label,
        is_synthetic,
        nullif(
            concat_ws(
                ' ',
                case
                    when authorities_in_unit > 1
                        then authority_names || ' report together; their figures cannot be split.'
                end,
                case
                    when is_very_small
                        then unit_name || ' has so few social workers that its rates swing from year to year.'
                end,
                case unit_row_status
                    when 'missing' then 'No figures were published for ' || census_year || '.'
                    when 'carried_forward'
                        then
                            'Every figure for ' || census_year || ' repeats ' || (census_year - 1)
                            || ': it was probably carried forward, not reported anew.'
                end
            ),
            ''
        ) as note
    from compared
)

select * from final
