with platform_months as (
    select
        site,
        platform,
        month,
        followers,
        counted_from,
        new_followers,
        unfollows,
        net_change
    from {{ ref('int_lswc__platform_months') }}
),

synthetic as (
    select coalesce(bool_or(is_synthetic), false) as is_synthetic
    from {{ ref('stg_lswc__delivery_periods') }}
    where collection = 'lswc_audience'
),

final as (
    select
        platform_months.site,
        platform_months.month,
        platform_months.platform,
        case platform_months.platform when 'linkedin' then 'LinkedIn' when 'x' then 'X' end as platform_label,
        platform_months.followers,
        case when platform_months.followers is null then 'x' end as value_status,
        platform_months.counted_from,
        platform_months.new_followers,
        case when platform_months.new_followers is null then 'x' end as new_followers_status,
        platform_months.unfollows,
        -- LinkedIn never says who left.
        case
            when platform_months.platform = 'linkedin' then 'z'
            when platform_months.unfollows is null then 'x'
        end as unfollows_status,
        platform_months.net_change,
        'follower' as counting_rule,
        synthetic.is_synthetic
    from platform_months
    cross join synthetic
)

select * from final
