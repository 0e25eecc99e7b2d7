with authorities as (
    select authority_code, unit_code from {{ ref('authorities') }}
),

final as (
    select
        authority_code,
        unit_code,
        (count(*) over (partition by unit_code))::integer as authorities_in_unit
    from authorities
)

select * from final
