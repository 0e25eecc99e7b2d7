with {{ lswc_rows_that_count('lswc_web__month', 'month', 'month') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- when
        source.month,

        -- numbers
        source.total_users,
        source.active_users,
        source.new_users,
        source.sessions,
        source.engaged_sessions,
        source.page_views,

        -- flags
        source.is_complete
    from source
)

select * from renamed
