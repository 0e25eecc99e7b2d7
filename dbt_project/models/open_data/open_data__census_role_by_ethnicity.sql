{{ config(alias='census_role_by_ethnicity') }}

with final as (
    select
        unit_code,
        unit_name,
        unit_level,
        census_year,
        role,
        role_order,
        ethnic_group,
        ethnic_group_order,
        headcount,
        headcount_status,
        fte,
        fte_status,
        share_pct,
        share_status,
        share_basis,
        publication_year,
        release_label,
        is_synthetic
    from {{ ref('mart_census__role_by_ethnicity') }}
)

select * from final
