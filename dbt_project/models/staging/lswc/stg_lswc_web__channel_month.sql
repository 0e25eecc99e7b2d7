with {{ lswc_rows_that_count('lswc_web__channel_month', 'channel_month', 'month') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- what and when
        source.month,
        source.channel,

        -- numbers
        source.sessions,
        source.engaged_sessions,
        source.active_users,
        source.new_users,

        -- flags
        source.is_complete
    from source
)

select * from renamed
