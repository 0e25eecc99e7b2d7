-- One row per figure of the marts with a number: what it is, and the least and most it can be.
with figures as (
    select
        'establishment ' || unit_name || ' ' || period_label || ' ' || ep_grade as place,
        figures.field,
        figures.value,
        figures.least,
        figures.most
    from marts_candidate.mart_ep__establishment
    cross join
        lateral (
            values
            ('headcount', headcount, 0, null),
            ('fte', fte, 0, headcount),
            ('vacancy_fte', vacancy_fte, 0, null),
            ('vacancy_rate_pct', vacancy_rate_pct, 0, 100)
        ) as figures (field, value, least, most)
    union all
    select
        'agency ' || unit_name || ' ' || period_label || ' ' || ep_grade as place,
        figures.field,
        figures.value,
        figures.least,
        figures.most
    from marts_candidate.mart_ep__agency
    cross join
        lateral (
            values
            ('engagements', engagements, 0, null),
            ('remote', remote, 0, engagements),
            ('remote_pct', remote_pct, 0, 100),
            ('hcpc_registered', hcpc_registered, 0, engagements),
            ('hcpc_registered_pct', hcpc_registered_pct, 0, 100),
            ('pqe_known', pqe_known, 0, engagements),
            ('pqe_median_years', pqe_median_years, 0, 60)
        ) as figures (field, value, least, most)
    union all
    select
        'pay ' || unit_name || ' ' || period_label || ' ' || ep_grade || ' ' || pay_unit as place,
        figures.field,
        figures.value,
        figures.least,
        figures.most
    from marts_candidate.mart_ep__pay
    cross join
        lateral (
            values
            ('mean_gbp', mean_gbp, 0.01, null),
            ('lower_quartile_gbp', lower_quartile_gbp, 0.01, median_gbp),
            ('median_gbp', median_gbp, lower_quartile_gbp, upper_quartile_gbp)
        ) as figures (field, value, least, most)
    union all
    select
        'compliance ' || unit_name || ' ' || period_label || ' ' || principle as place,
        figures.field,
        figures.value,
        figures.least,
        figures.most
    from marts_candidate.mart_ep__compliance
    cross join
        lateral (
            values
            ('compliance_rate_pct', compliance_rate_pct, 0, 100),
            ('unknown_pct', unknown_pct, 0, 100),
            ('in_scope', in_scope, compliant + non_compliant + unknown, compliant + non_compliant + unknown)
        ) as figures (field, value, least, most)
),

final as (
    select
        place,
        field,
        value between coalesce(least, value) and coalesce(most, value) as is_possible
    from figures
    where value is not null
)

select * from final
order by place, field
