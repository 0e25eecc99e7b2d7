with {{ lswc_rows_that_count('lswc_audience__follower_total', 'follower_total', 'as_at', 'platform') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- what and when
        source.platform,
        source.as_at,

        -- numbers
        source.followers,

        -- flags
        source.is_complete
    from source
)

select * from renamed
