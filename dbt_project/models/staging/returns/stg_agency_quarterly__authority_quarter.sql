with submissions as (
    select * from {{ ref('stg_returns__submissions') }}
    where collection = 'agency_quarterly'
),

source as (
    select * from {{ source('returns', 'agency_quarterly__authority_quarter') }}
),

renamed as (
    select
        -- ids
        {{ returned_by('submissions') }},
        source.source_row,

        -- text
        source.rule_r2_status,
        source.rule_r3_status,
        source.rule_r4_status,
        source.rule_r5_status,
        source.rule_r6_status,
        source.rule_r7_status,
        source.rule_explanation,
        source.agencies_of_concern,

        -- numbers
        source.month_1_cost as month_1_cost_gbp,
        source.month_2_cost as month_2_cost_gbp,
        source.month_3_cost as month_3_cost_gbp,
        source.cap_breaches,

        -- flags
        submissions.is_synthetic
    from source
    inner join submissions on source.submission_id = submissions.submission_id
)

select * from renamed
