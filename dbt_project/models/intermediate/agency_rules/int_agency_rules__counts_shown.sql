{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with protected as (
    {{ protected_cells(
        ref('cells_agency_compliance'),
        'agency_compliance',
        'members',
        [
            'unit_code',
            'period_label',
            'period_start',
            'period_end',
            'role_type',
            'rule',
            'cell',
            'payment_basis',
            'units_counted',
            'units_expected',
            'is_covered',
            'is_synthetic'
        ],
        ['median_headroom_gbp']
    ) }}
),

-- Of an area that too few units sent for nothing is shown, but that a rule is not applicable.
final as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        rule,
        cell,
        payment_basis,
        case when is_covered then protected_count end as assignments,
        case
            when protected_status = 'z' then 'z'
            when not is_covered then 'x'
            else protected_status
        end as status,
        case when is_covered then protected_median_headroom_gbp end as median_headroom_gbp,
        units_counted,
        units_expected,
        is_synthetic
    from protected
)

select * from final
