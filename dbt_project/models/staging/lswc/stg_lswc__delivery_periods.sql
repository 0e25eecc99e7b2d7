-- A table, unlike the rest of staging: every other model of these collections joins it, and the planner must know how
-- small it is.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with source as (
    select * from {{ source('lswc_ledger', 'current_delivery_periods') }}
),

renamed as (
    select
        -- ids
        source.delivery_id,
        source.collection,
        source.dataset,
        source.series,

        -- dates
        source.period_start,
        source.period_end,
        {{ month_of('source.period_start') }} as month,
        source.as_of,
        source.received_at,

        -- numbers
        source.sampled_share,

        -- flags
        source.is_complete,
        source.period_end >= {{ month_end('source.period_start') }} as reaches_month_end,
        source.is_sampled,
        source.is_thresholded,
        source.has_other_row_loss,
        source.is_synthetic
    from source
)

select * from renamed
