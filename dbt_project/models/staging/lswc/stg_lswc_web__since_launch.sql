with {{ lswc_rows_that_count('lswc_web__since_launch', 'since_launch', 'month') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- when
        source.month,
        source.as_at,

        -- numbers
        source.total_users,
        source.active_users,
        source.sessions,
        source.page_views,

        -- flags
        source.is_complete
    from source
)

select * from renamed
