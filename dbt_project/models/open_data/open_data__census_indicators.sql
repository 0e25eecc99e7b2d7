{{ config(
    alias='census_indicators',
    indexes=[{'columns': ['indicator', 'census_year']}]
) }}

with final as (
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
        as_at_date,
        indicator_label,
        indicator_topic,
        indicator_unit,
        indicator_basis,
        definition,
        polarity,
        decimals,
        is_headline,
        headline_order,
        value_label,
        previous_value,
        previous_value_status,
        change_on_year,
        change_label,
        rank_in_london,
        units_ranked,
        quartile_in_london,
        inner_outer_value,
        london_value,
        england_value,
        neighbours_median,
        neighbours_counted,
        unit_row_status,
        publication_year,
        release_label,
        is_synthetic,
        note
    from {{ ref('mart_census__indicators') }}
)

select * from final
