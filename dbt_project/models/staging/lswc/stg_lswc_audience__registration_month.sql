with {{ lswc_rows_that_count('lswc_audience__registration_month', 'registration_month', 'month') }},

renamed as (
    select
        -- ids
        source.delivery_id,
        source.source_row,

        -- when
        source.month,

        -- numbers
        source.registrations,
        source.registrations_to_date,
        source.alert_subscribers,

        -- flags
        source.is_complete
    from source
)

select * from renamed
