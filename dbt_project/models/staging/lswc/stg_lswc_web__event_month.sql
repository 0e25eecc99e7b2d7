with {{ lswc_rows_that_count('lswc_web__event_month', 'event_month', 'month') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- what and when
        source.month,
        source.event_name,
        source.event_kind,

        -- numbers
        source.event_count,

        -- flags
        source.is_complete
    from source
)

select * from renamed
