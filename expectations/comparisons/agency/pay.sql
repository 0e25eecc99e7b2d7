-- One row per unit, quarter, core job type and pair of bases with pay shown: how many people it is of, and its order.
with minimums as (
    select minimum_group_for_averages, minimum_group_for_quartiles
    from reference.disclosure_products
    where product = 'members'
),

final as (
    select
        pay.payment_basis || ' ' || pay.rate_basis as field,
        pay.unit_name || ' ' || pay.period_label || ' ' || pay.role_type || ' ' || pay.payment_basis || ' '
        || pay.rate_basis as place,
        pay.assignments is not null
        and coalesce(groups.people, 0) >= minimums.minimum_group_for_averages
        and (
            pay.quartile_status is not null
            or coalesce(groups.people, 0) >= minimums.minimum_group_for_quartiles
        ) as is_of_enough_people,
        coalesce(pay.lower_quartile_gbp <= pay.median_gbp and pay.median_gbp <= pay.upper_quartile_gbp, true)
            as is_in_order,
        pay.median_gbp,
        case when pay.period_end = max(pay.period_end) over () then pay.change_in_median_gbp / pay.previous_median_gbp end
            as share_of_change
    from marts_candidate.mart_agency__pay as pay
    cross join minimums
    left join intermediate.int_agency__pay_groups as groups
        on
            pay.unit_code = groups.unit_code
            and pay.period_end = groups.period_end
            and pay.role_type = groups.role_type
            and pay.payment_basis = groups.payment_basis
            and pay.rate_basis = groups.rate_basis
    where pay.average_status is null
)

select * from final
order by place
