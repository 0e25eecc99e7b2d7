-- One row per quarter, grade and pay unit with a mean: the mean, and the range in which a return's own rates are not queried.
with plausible as (
    -- The limits of the return's rules EPW-RATE-2 to EPW-RATE-4.
    select * from (
        values ('HOUR', 30, 150), ('DAY', 200, 1000), ('PER_ADVICE', 200, 3000)
    ) as limits (pay_unit, least, most)
),

final as (
    select
        pay.period_label || ' ' || pay.ep_grade || ' ' || pay.pay_unit as place,
        pay.mean_gbp,
        pay.mean_gbp between plausible.least and plausible.most as is_plausible
    from marts_candidate.mart_ep__pay as pay
    inner join plausible on pay.pay_unit = plausible.pay_unit
    where pay.mean_gbp is not null
)

select * from final
order by place
