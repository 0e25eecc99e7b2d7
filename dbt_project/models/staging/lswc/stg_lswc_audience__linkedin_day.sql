with {{ lswc_rows_that_count('lswc_audience__linkedin_day', 'linkedin_day', 'day') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- when
        source.day,

        -- numbers
        source.new_followers,

        -- flags
        source.is_complete
    from source
)

select * from renamed
