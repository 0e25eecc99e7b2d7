with compared as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        payment_basis,
        units_counted,
        units_expected,
        is_synthetic,
        max(assignments) filter (where cell = 'known') as assignments_compared,
        max(status) filter (where cell = 'known') as assignments_compared_status,
        max(assignments) filter (where cell = 'non_compliant') as assignments_above_cap,
        max(status) filter (where cell = 'non_compliant') as assignments_above_cap_status,
        max(median_headroom_gbp) filter (where cell = 'known') as median_headroom_gbp
    from {{ ref('int_agency_rules__counts_shown') }}
    where rule = 'R2' and payment_basis is not null
    group by
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        payment_basis,
        units_counted,
        units_expected,
        is_synthetic
),

minimums as (
    select minimum_group_for_averages
    from {{ ref('disclosure_products') }}
    where product = 'members'
),

-- The cap of the quarter's last day; each assignment was compared with the one of its own last day.
caps as (
    select
        role_type,
        payment_basis,
        cap_gbp,
        source,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('price_caps') }}
    where region = 'LONDON'
),

quarter_names as (
    select period_end, calendar_label
    from {{ ref('return_windows') }}
    where collection = 'agency_quarterly'
),

role_types as (
    select role_type, role_type_label, role_type_order from {{ ref('agency_role_types') }}
    union all
    select 'all' as role_type, 'All roles' as role_type_label, 0 as role_type_order
),

-- All roles together have no one cap, but where their caps come from is shown all the same.
sources as (
    select
        compared.unit_code,
        compared.period_end,
        compared.role_type,
        compared.payment_basis,
        case when compared.role_type <> 'all' then max(caps.cap_gbp) end as cap_gbp,
        string_agg(distinct caps.source, ', ' order by caps.source) as cap_source
    from compared
    inner join caps
        on
            compared.payment_basis = caps.payment_basis
            and compared.role_type in (caps.role_type, 'all')
            and compared.period_end between caps.valid_from and caps.valid_to
    group by compared.unit_code, compared.period_end, compared.role_type, compared.payment_basis
),

final as (
    select
        compared.unit_code,
        units.unit_name,
        units.unit_level,
        compared.period_label,
        quarter_names.calendar_label,
        compared.period_start,
        compared.period_end,
        compared.role_type,
        role_types.role_type_label,
        role_types.role_type_order,
        compared.payment_basis,
        sources.cap_gbp,
        case
            when sources.cap_gbp is null
                then
                    case
                        when compared.role_type = 'all' then 'z'
                        else coalesce(nullif(compared.assignments_compared_status, 'c'), 'x')
                    end
        end as cap_status,
        sources.cap_source,
        compared.assignments_compared::integer as assignments_compared,
        compared.assignments_compared_status,
        compared.assignments_above_cap::integer as assignments_above_cap,
        compared.assignments_above_cap_status,
        {{ share_pct('compared.assignments_above_cap', 'compared.assignments_compared') }} as share_above_cap_pct,
        {{ share_status(
            'compared.assignments_above_cap_status',
            'compared.assignments_compared_status',
            'compared.assignments_compared'
        ) }} as share_above_cap_status,
        case
            when compared.assignments_compared >= minimums.minimum_group_for_averages then compared.median_headroom_gbp
        end as median_headroom_gbp,
        case
            when compared.assignments_compared_status is not null then compared.assignments_compared_status
            when compared.assignments_compared = 0 then 'z'
            when compared.assignments_compared < minimums.minimum_group_for_averages then 'c'
        end as median_headroom_status,
        compared.units_counted,
        compared.units_expected,
        {{ coverage_label('compared.units_counted', 'compared.units_expected') }} as coverage_label,
        compared.is_synthetic,
        case
            when sources.cap_source like '%SYNTHETIC%' then 'Synthetic caps, which are not the London Pledge''s.'
            when compared.assignments_compared_status = 'z' then 'No cap was in force in this quarter.'
            when sources.cap_source is null then 'No cap is known for this role and payment basis.'
        end as note
    from compared
    cross join minimums
    inner join {{ ref('dim_reporting_unit') }} as units on compared.unit_code = units.unit_code
    inner join role_types on compared.role_type = role_types.role_type
    left join quarter_names on compared.period_end = quarter_names.period_end
    left join sources
        on
            compared.unit_code = sources.unit_code
            and compared.period_end = sources.period_end
            and compared.role_type = sources.role_type
            and compared.payment_basis = sources.payment_basis
)

select * from final
