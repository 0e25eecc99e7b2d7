{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with likelihood_tables as (
    select
        table_id,
        focus_in_tier as focus,
        focus_in_workforce as focus_base,
        reference_in_tier as reference,
        reference_in_workforce as reference_base
    from {{ ref('int_leadership__likelihood_tables') }}
    where base_status is null
),

final as (
    {{ fisher_two_sided('likelihood_tables', 'table_id') }}
)

select * from final
