with releases as (
    select release_id from {{ ref('stg_dfe_census__releases') }}
),

-- The ids as one array: the planner then looks the releases up once, not row by row.
source as (
    select published.* from {{ source('raw', 'dfe_census__role_by_characteristics') }} as published
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
        source.breakdown_topic,
        source.breakdown,

        -- numbers
        source.inpost_headcount as headcount,
        source.inpost_headcount_status as headcount_status,
        source.inpost_headcount_percentage as headcount_share_pct,
        source.inpost_headcount_percentage_status as headcount_share_status,
        source.inpost_fte as fte,
        source.inpost_fte_status as fte_status,
        source.inpost_fte_percentage as fte_share_pct,
        source.inpost_fte_percentage_status as fte_share_status
    from source
)

select * from renamed
