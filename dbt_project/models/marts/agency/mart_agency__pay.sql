with cells as (
    {{ protected_cells(
        ref('cells_agency_assignments'),
        'agency_assignments',
        'members',
        [
            'unit_code', 'period_label', 'period_start', 'period_end', 'role_type', 'category', 'units_counted',
            'units_expected', 'is_synthetic'
        ]
    ) }}
    where protected.category like 'pay!_%' escape '!'
),

bases as (
    select
        payment_bases.payment_basis,
        rate_bases.rate_basis,
        'pay_' || payment_bases.payment_basis || '_' || rate_bases.rate_basis as category
    from (values ('PAYE'), ('UMBRELLA'), ('LTD'), ('UNKNOWN')) as payment_bases (payment_basis)
    cross join (values ('WORKER_PAY'), ('INC_ONCOST'), ('CHARGE')) as rate_bases (rate_basis)
),

minimums as (
    select minimum_group_for_averages, minimum_group_for_quartiles
    from {{ ref('disclosure_products') }}
    where product = 'members'
),

-- Pay goes with the number of assignments it is the pay of, and is of a group large enough.
grouped as (
    select
        cells.unit_code,
        cells.period_label,
        cells.period_start,
        cells.period_end,
        cells.role_type,
        bases.payment_basis,
        bases.rate_basis,
        cells.protected_count as assignments,
        cells.protected_status as assignments_status,
        case
            when cells.protected_status is not null then cells.protected_status
            when cells.protected_count = 0 then 'z'
            when coalesce(pay.people, 0) < minimums.minimum_group_for_averages then 'c'
        end as average_status,
        case
            when cells.protected_status is not null then cells.protected_status
            when cells.protected_count = 0 then 'z'
            when coalesce(pay.people, 0) < minimums.minimum_group_for_quartiles then 'c'
        end as quartile_status,
        pay.mean_gbp,
        pay.weighted_mean_gbp,
        pay.median_gbp,
        pay.lower_quartile_gbp,
        pay.upper_quartile_gbp,
        cells.units_counted,
        cells.units_expected,
        cells.is_synthetic
    from cells
    inner join bases on cells.category = bases.category
    cross join minimums
    left join {{ ref('int_agency__pay_groups') }} as pay
        on
            cells.unit_code = pay.unit_code
            and cells.period_end = pay.period_end
            and cells.role_type = pay.role_type
            and bases.payment_basis = pay.payment_basis
            and bases.rate_basis = pay.rate_basis
),

shown as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        payment_basis,
        rate_basis,
        assignments,
        assignments_status,
        case when average_status is null then mean_gbp end as mean_gbp,
        case when average_status is null then weighted_mean_gbp end as weighted_mean_gbp,
        case when average_status is null then median_gbp end as median_gbp,
        average_status,
        case when average_status is null and weighted_mean_gbp is null then 'x' else average_status end
            as weighted_mean_status,
        case when quartile_status is null then lower_quartile_gbp end as lower_quartile_gbp,
        case when quartile_status is null then upper_quartile_gbp end as upper_quartile_gbp,
        quartile_status,
        units_counted,
        units_expected,
        is_synthetic
    from grouped
),

final as (
    select
        shown.unit_code,
        units.unit_name,
        units.unit_level,
        shown.period_label,
        coalesce(windows.calendar_label, shown.period_label) as calendar_label,
        shown.period_start,
        shown.period_end,
        shown.role_type,
        coalesce(roles.role_type_label, 'All roles') as role_type_label,
        coalesce(roles.role_type_order, 0) as role_type_order,
        shown.payment_basis,
        shown.rate_basis,
        shown.assignments,
        shown.assignments_status,
        shown.mean_gbp,
        shown.weighted_mean_gbp,
        shown.median_gbp,
        shown.average_status,
        shown.weighted_mean_status,
        shown.lower_quartile_gbp,
        shown.upper_quartile_gbp,
        shown.quartile_status,
        before.median_gbp as previous_median_gbp,
        shown.median_gbp - before.median_gbp as change_in_median_gbp,
        shown.units_counted,
        shown.units_expected,
        {{ coverage_label('shown.units_counted', 'shown.units_expected') }} as coverage_label,
        shown.is_synthetic
    from shown
    inner join {{ ref('dim_reporting_unit') }} as units on shown.unit_code = units.unit_code
    left join {{ ref('agency_role_types') }} as roles on shown.role_type = roles.role_type
    left join {{ ref('return_windows') }} as windows
        on windows.collection = 'agency_quarterly' and shown.period_start = windows.period_start
    left join shown as before
        on
            shown.unit_code = before.unit_code
            and before.period_end = shown.period_start - 1
            and shown.role_type = before.role_type
            and shown.payment_basis = before.payment_basis
            and shown.rate_basis = before.rate_basis
)

select * from final
