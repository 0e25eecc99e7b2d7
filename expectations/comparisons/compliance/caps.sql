-- One row per quarter with caps, role type and payment basis in London: the cap shown and the one in force on its last day.
with quarters as (
    select distinct quarters.period_label, quarters.period_end
    from intermediate.int_agency_rules__quarters_returned as quarters
    inner join reference.agency_rules as rules
        on
            rules.rule_code = 'R2'
            and rules.parameter = 'cap_applies'
            and quarters.period_end >= rules.valid_from
            and quarters.period_end <= coalesce(rules.valid_to, quarters.period_end)
),

in_force as (
    select
        quarters.period_label,
        quarters.period_end,
        role_types.role_type,
        bases.payment_basis,
        caps.cap_gbp,
        caps.source
    from quarters
    cross join reference.agency_role_types as role_types
    cross join (select distinct payment_basis from reference.price_caps) as bases
    left join reference.price_caps as caps
        on
            caps.region = 'LONDON'
            and role_types.role_type = caps.role_type
            and bases.payment_basis = caps.payment_basis
            and quarters.period_end between caps.valid_from and coalesce(caps.valid_to, quarters.period_end)
),

final as (
    select
        in_force.period_label || ' ' || in_force.role_type || ' ' || in_force.payment_basis as place,
        in_force.cap_gbp is not null as has_cap,
        shown.cap_gbp is not distinct from in_force.cap_gbp
        and shown.cap_source is not distinct from in_force.source as shows_the_cap_in_force,
        coalesce(in_force.source = 'SYNTHETIC' and not shown.is_synthetic, false) as is_invented_cap_for_real_rates
    from in_force
    left join marts_candidate.mart_agency__caps as shown
        on
            in_force.period_label = shown.period_label
            and in_force.role_type = shown.role_type
            and in_force.payment_basis = shown.payment_basis
            and shown.unit_level = 'london'
)

select * from final
order by place
