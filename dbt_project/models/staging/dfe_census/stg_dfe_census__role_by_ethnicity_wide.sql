with releases as (
    select release_id from {{ ref('stg_dfe_census__releases') }}
),

-- The ids as one array: the planner then looks the releases up once, not row by row.
source as (
    select published.* from {{ source('raw', 'dfe_census__role_by_ethnicity_wide') }} as published
    where published.release_id = any(array(select releases.release_id from releases))
),

renamed as (
    select
        -- ids
        source.release_id,
        source.source_row,

        -- where and when
        {{ published_area('source') }},

        -- text
        source.role as published_role,

        -- one cell
        published_cell.measure,
        {{ cell_value() }} as value,
        {{ cell_status() }} as value_status
    from source
    {{ unpivot_measures('source') }}
)

select * from renamed
