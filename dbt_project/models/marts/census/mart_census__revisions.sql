with revisions as (
    select
        from_release_id,
        to_release_id,
        area_code,
        census_year,
        indicator,
        from_publication_year,
        to_publication_year,
        from_value,
        from_status,
        to_value,
        to_status,
        change,
        change_kind,
        is_synthetic
    from {{ ref('int_census__revisions') }}
),

final as (
    select
        units.unit_code,
        units.unit_name,
        units.unit_level,
        revisions.census_year,
        revisions.indicator,
        indicators.indicator_label,
        revisions.from_publication_year,
        revisions.to_publication_year,
        revisions.from_value,
        revisions.from_status,
        revisions.to_value,
        revisions.to_status,
        revisions.change,
        revisions.change_kind,
        revisions.is_synthetic,
        revisions.from_release_id,
        revisions.to_release_id
    from revisions
    inner join {{ ref('dim_reporting_unit') }} as units on revisions.area_code = units.unit_code
    inner join {{ ref('census_indicators') }} as indicators on revisions.indicator = indicators.indicator
)

select * from final
