-- A table, unlike the rest of staging: every other model of returns joins it, and the planner must know how small it
-- is (without that the measures took 8 minutes for 1 second).
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with source as (
    select * from {{ source('returns_ledger', 'current_submissions') }}
),

units as (
    select authority_code, unit_code from {{ ref('bridge_authority_reporting_unit') }}
),

renamed as (
    select
        -- ids
        source.submission_id,
        source.collection,
        source.authority_code,
        -- A joint return bears the unit's own code.
        coalesce(units.unit_code, source.authority_code) as unit_code,

        -- text
        source.period_label,
        source.status,

        -- numbers
        source.version,
        cardinality(string_to_array(source.authority_code, ' / ')) as authorities_covered,
        source.rows_loaded,

        -- flags
        source.is_synthetic,

        -- dates
        source.period_start,
        source.period_end,
        source.received_at,
        source.decided_at
    from source
    left join units on source.authority_code = units.authority_code
)

select * from renamed
