with {{ lswc_rows_that_count('lswc_audience__x_day', 'x_day', 'day') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- when
        source.day,

        -- numbers
        source.new_follows,
        source.unfollows,

        -- flags
        source.is_complete
    from source
)

select * from renamed
